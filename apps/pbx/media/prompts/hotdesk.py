"""What is said at hot desking."""

PROMPTS = {
    "hotdesk-enter_id": "Please enter your hot desk ID, followed by pound.",
    "hotdesk-enter_pin": "Please enter your hot desk PIN, followed by pound.",
    "hotdesk-invalid_entry": "The ID or PIN is not correct.",
    "hotdesk-logged_in": "This phone is now yours.",
    "hotdesk-logged_out": "You have left this phone.",
    "hotdesk-disabled": "Hot desking is not enabled for you.",
    "hotdesk-abort": "Too many wrong attempts. Goodbye.",
    "hotdesk-in_use": "This phone belongs to somebody else.",
}
