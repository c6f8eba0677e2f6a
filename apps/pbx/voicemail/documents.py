"""What the documents of voicemail look like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.documents import BlankIsAbsent, EmailAddress, Flags, Identifier, TimeZone

FolderName = Literal["new", "saved", "deleted"]
MediaId = Annotated[Identifier | None, BlankIsAbsent]
DIGITS = r"^[0-9]+$"


class BoxMedia(Shape):
    """The box's own greetings: ids of media."""

    unavailable: MediaId = Field(None, description="Played to callers.")
    busy: MediaId = Field(None, description="Played while the owner is on another call, in place of `unavailable`.")
    name: MediaId = Field(None, description="The owner's name, as the owner says it.")
    temporary_unavailable: MediaId = Field(None, description="Played in place of every other greeting.")


class Callback(Shape):
    """A call that tells of a new message."""

    disabled: bool = Field(False, description="Whether nobody is called.")
    number: str | None = Field(None, max_length=35, description="Who is called.")
    attempts: int = Field(3, ge=1, le=20, description="How often it is tried.")
    interval_s: int = Field(300, ge=10, le=86_400, description="Time between two tries. Seconds.")
    timeout_s: int = Field(20, ge=5, le=120, description="How long it rings. Seconds.")
    schedule: list[Annotated[int, Field(ge=10, le=86_400)]] | None = Field(
        None, max_length=20, description="Time before each further try, in place of `interval_s`. Seconds."
    )


class BoxNotify(Shape):
    callback: Callback | None = Field(None, description="Who is called about a new message.")


Key = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#"]


class VoicemailKeys(Shape):
    """The keys of the phone menus. In each menu a key means one thing; `continue` has none unless it is named."""

    # While leaving a message.
    login: Key = Field("*", description="Log in to the mailbox while its greeting plays.")
    operator: Key = Field("0", description="Speak to the operator.")
    continue_: Annotated[Key | None, BlankIsAbsent] = Field(
        None, alias="continue", description="Leave no message, and go on in the callflow."
    )
    # After recording.
    save: Key = Field("1", description="Keep what was recorded.")
    listen: Key = Field("2", description="Hear what was recorded.")
    record: Key = Field("3", description="Record it again.")
    urgent: Key = Field("4", description="Mark the message as urgent, or no longer.")
    # The main menu.
    hear_new: Key = Field("1", description="Hear the new messages.")
    hear_saved: Key = Field("2", description="Hear the saved messages.")
    configure: Key = Field("5", description="Change the settings.")
    exit: Key = Field("#", description="Leave.")
    # A message.
    keep: Key = Field("1", description="Keep the message.")
    replay: Key = Field("2", description="Hear it again.")
    forward: Key = Field("3", description="Forward it to another mailbox.")
    prev: Key = Field("4", description="Go to the previous message.")
    rewind: Key = Field("5", description="Go back some seconds.")
    next: Key = Field("6", description="Go to the next message.")
    delete: Key = Field("7", description="Delete the message, or bring it back.")
    fastforward: Key = Field("8", description="Go forward some seconds.")
    callback: Key = Field("9", description="Call back who left it.")
    # The settings.
    rec_unavailable: Key = Field("1", description="Record the greeting.")
    rec_name: Key = Field("2", description="Record the name.")
    set_pin: Key = Field("3", description="Change the PIN.")
    rec_temporary: Key = Field("4", description="Record the temporary greeting.")
    del_temporary: Key = Field("5", description="Remove the temporary greeting.")
    announce: Key = Field("6", description="Take no messages, or take them again.")
    rec_busy: Key = Field("7", description="Record the greeting for when the line is busy.")
    return_main: Key = Field("0", description="Go back to the main menu.")


class BoxDocument(Shape):
    """A mailbox: where callers leave messages, and how its owner hears of them."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the mailbox.")
    mailbox: str = Field(
        min_length=1, max_length=30, pattern=DIGITS, description="Its number, unique in the account.", examples=["1001"]
    )
    owner_id: Annotated[Identifier | None, BlankIsAbsent] = Field(None, description="The user whose mailbox it is.")
    pin: Annotated[str | None, BlankIsAbsent] = Field(
        None, min_length=4, max_length=6, pattern=DIGITS, description="Asked of who listens to it."
    )
    require_pin: bool = Field(False, description="Whether the PIN is asked on the owner's own phones too.")
    check_if_owner: bool = Field(
        True, description="Whether the owner who calls the mailbox hears the messages instead of the greeting."
    )
    is_setup: bool = Field(False, description="Whether the owner has set it up by phone.")
    not_configurable: bool = Field(False, description="Whether the settings cannot be changed by phone.")
    announcement_only: bool = Field(False, description="Whether callers hear the greeting and leave no message.")
    skip_greeting: bool = Field(False, description="Whether no greeting is played.")
    skip_instructions: bool = Field(False, description="Whether callers are not told how to leave a message.")
    skip_envelope: bool = Field(False, description="Whether it is not said when a message came, and from whom.")
    oldest_message_first: bool = Field(False, description="Whether older messages are played first.")
    is_voicemail_ff_rw_enabled: bool = Field(True, description="Whether one can go back and forward in a message.")
    seek_duration_ms: int = Field(10_000, ge=0, le=600_000, description="By how much. Milliseconds.")
    media: BoxMedia = Field(default_factory=BoxMedia, description="The mailbox's own greetings.")
    media_extension: Literal["mp3", "mp4", "wav"] = Field(
        "mp3", description="The format of messages that are mailed or downloaded; `mp4` gives MP3."
    )
    timezone: Annotated[TimeZone | None, BlankIsAbsent] = Field(
        None, description="For the time of messages; else the owner's, else the account's."
    )
    notify: BoxNotify | None = Field(None, description="Further ways to tell of new messages.")
    notify_email_addresses: list[EmailAddress] = Field(
        default_factory=list, max_length=50, description="Who is mailed about new messages besides the owner."
    )
    include_message_on_notify: bool = Field(True, description="Whether the message is attached to the mail.")
    include_transcription_on_notify: bool = Field(True, description="Whether its text is in the mail.")
    delete_after_notify: bool = Field(False, description="Whether a message is deleted once it was mailed.")
    save_after_notify: bool = Field(False, description="Whether it is saved instead; wins over `delete_after_notify`.")
    transcribe: bool = Field(False, description="Whether messages are turned into text.")
    operator_number: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=35, pattern=r"^\+?[0-9*#]+$", description="Who the operator is; else the callflow of `0`."
    )
    max_message_count: int = Field(100, ge=0, le=10_000, description="How many messages it holds, 0 for any number.")
    message_retention_days: int = Field(93, ge=0, le=3_650, description="How long they are kept, 0 for ever. Days.")
    keys: VoicemailKeys | None = Field(None, description="The keys of its phone menus, in place of the account's.")
    flags: Flags | None = Field(None, description="Marks set by other applications.")


class Transcription(Shape):
    result: Literal["success", "error"] | None = Field(None, description="Whether there is a text.")
    text: str | None = Field(None, description="What is said in the message.")


class MessageMetadata(Shape):
    """What a client says of a message that it adds."""

    folder: FolderName = Field("new", description="Where it is put.")
    caller_id_name: str = Field("", max_length=35, description="Who left it.")
    caller_id_number: str = Field("", max_length=35, description="Their number.")
    call_id: str = Field("", max_length=64, description="The call it was left in.")
    from_: str = Field("", alias="from", max_length=255, description="The SIP address it came from.")
    to: str = Field("", max_length=255, description="The SIP address that was called.")
    length: int = Field(0, ge=0, le=86_400_000, description="How long it is, unless the sound says. Milliseconds.")
    timestamp: int | None = Field(None, ge=1, description="When it was left. Gregorian seconds.")
    urgent: bool = Field(False, description="Whether it is urgent.")
    transcription: Transcription | None = Field(None, description="What is said in it.")


class MessageChange(Shape):
    """Puts messages into a folder, or into other mailboxes."""

    folder: FolderName | None = Field(None, description="The folder they are put into.")
    source_id: Identifier | list[Identifier] | None = Field(
        None, description="The mailbox they are moved to; a list of mailboxes: they are copied there and stay."
    )
    messages: list[str] = Field(default_factory=list, max_length=1_000, description="The messages' ids.")


def default_box() -> dict[str, Any]:
    """What a mailbox is without saying anything but its name and number."""
    return BoxDocument(name="-", mailbox="0").as_document()
