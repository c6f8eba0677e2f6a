"""Why a call ended, in a reader's words. The names are the switch's (ITU-T Q.850 and its own)."""

from django.utils.translation import gettext_lazy as _

_WORDS = {
    "NORMAL_CLEARING": _("Hung up"),
    "NORMAL_UNSPECIFIED": _("Hung up"),
    "SUCCESS": _("Hung up"),
    "ORIGINATOR_CANCEL": _("The caller gave up"),
    "NO_ANSWER": _("Nobody answered"),
    "NO_USER_RESPONSE": _("The phone did not respond"),
    "USER_BUSY": _("Busy"),
    "CALL_REJECTED": _("Rejected"),
    "USER_NOT_REGISTERED": _("No phone was registered"),
    "SUBSCRIBER_ABSENT": _("No phone was registered"),
    "UNALLOCATED_NUMBER": _("Nobody has this number"),
    "NO_ROUTE_DESTINATION": _("No way to this number"),
    "INVALID_NUMBER_FORMAT": _("Not a valid number"),
    "DESTINATION_OUT_OF_ORDER": _("The other side is out of order"),
    "NETWORK_OUT_OF_ORDER": _("The network is out of order"),
    "NORMAL_TEMPORARY_FAILURE": _("A passing failure"),
    "RECOVERY_ON_TIMER_EXPIRE": _("No response in time"),
    "ALLOTTED_TIMEOUT": _("Rang too long"),
    "LOSE_RACE": _("Answered elsewhere"),
    "PICKED_OFF": _("Answered elsewhere"),
    "ATTENDED_TRANSFER": _("Transferred"),
    "BLIND_TRANSFER": _("Transferred"),
    "MANAGER_REQUEST": _("Ended by an administrator"),
    "CALL_BARRED": _("Not allowed"),
    "OUTGOING_CALL_BARRED": _("Not allowed"),
    "INCOMPATIBLE_DESTINATION": _("No common codec"),
    "BEARERCAPABILITY_NOTAVAIL": _("A limit was reached"),
    "NORMAL_CIRCUIT_CONGESTION": _("All lines are busy"),
    "SWITCH_CONGESTION": _("The switch is overloaded"),
    "MEDIA_TIMEOUT": _("The sound stopped arriving"),
}


def cause_words(cause: str) -> str:
    """The words for a hangup cause; one we have none for in lower case."""
    return str(_WORDS.get(cause) or cause.replace("_", " ").lower() or "–")
