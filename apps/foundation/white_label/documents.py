"""The white label document of crossbar, and the colour our portal adds."""

from typing import Annotated, Any

from pydantic import Field

from apps.foundation.documents.shape import Shape

_NAME = r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$"
Domain = Annotated[str, Field(min_length=4, max_length=253, pattern=_NAME)]


class WhiteLabelDocument(Shape):
    """How the web looks to the customers of an account."""

    company_name: str | None = Field(None, max_length=128, description="The name shown instead of the operator's.")
    domain: Domain | None = Field(
        None,
        description="The host name customers use; it must lead to this installation.",
        examples=["phone.example.com"],
    )
    color: str | None = Field(
        None, pattern=r"^#[0-9a-fA-F]{6}$", description="The brand's colour.", examples=["#0f766e"]
    )
    fake_api_url: str | None = Field(None, description="The API's address as shown to developers.")
    hide_credits: bool = Field(False, description="Whether the credits are hidden.")
    hide_powered: bool = Field(False, description="Whether the line about the software is hidden.")
    hide_registration: bool = Field(False, description="Whether signing up for an account is hidden.")
    inbound_trunks_price: str | None = Field(None, description="A price, for display only.")
    outbound_trunks_price: str | None = Field(None, description="A price, for display only.")
    twoway_trunks_price: str | None = Field(None, description="A price, for display only.")
    nav: dict[str, Any] | None = Field(None, description="Links in the navigation.")
    port: dict[str, Any] | None = Field(None, description="What is told about porting numbers.")
