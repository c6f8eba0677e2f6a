"""What is said about call forwarding, and at moving a call."""

PROMPTS = {
    "cf-enabled_menu": "Call forwarding is on. To turn it off, press 1. To change the number, press 2.",
    "cf-disabled_menu": "Call forwarding is off. To turn it on, press 1. To change the number, press 2.",
    "cf-enter_number": "Enter the number your calls shall go to, followed by pound.",
    "cf-now_forwarded_to": "Your calls are now forwarded to",
    "cf-disabled": "Call forwarding is now off.",
    "cf-not_available": "Call forwarding is not available here.",
    "cf-unauthorized_call": "You are not allowed to call this number.",
    "cf-move-no_owner": "This phone belongs to nobody, so no call can be moved to it.",
    "cf-move-no_channel": "You have no other call to move here.",
    "cf-move-too_many_channels": "You have more than one other call. Please end one first.",
    "cf-confirm_call": "You have a call. To take it, press 1.",
    "cw-activated": "Call waiting is on.",
    "cw-deactivated": "Call waiting is off.",
    "cw-not_available": "Call waiting is not available here.",
}
