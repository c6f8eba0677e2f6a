"""What can be wrong with a white label."""

from django.utils.translation import gettext as _


class WhiteLabelError(Exception):
    """`field` is the document's field or the file, `rule` crossbar's rule name; the text is for people."""

    def __init__(self, field: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.field, self.rule, self.message = field, rule, message


def domain_taken(domain: str) -> WhiteLabelError:
    return WhiteLabelError("domain", "unique", _("Another account uses the domain %(domain)s") % {"domain": domain})


def not_an_image(field: str) -> WhiteLabelError:
    return WhiteLabelError(field, "type", _("The file must be a PNG, JPEG, GIF or WebP image"))


def too_large(field: str) -> WhiteLabelError:
    return WhiteLabelError(field, "maxLength", _("The image must not be larger than 1 MB"))
