"""What a menu says where it has no words of its own, and how its greeting is recorded by phone."""

PROMPTS = {
    "menu-no_prompt": "Please enter the extension you wish to reach.",
    "menu-invalid_entry": "That is not a valid choice.",
    "menu-no_entry": "We did not receive your choice.",
    "menu-exit": "Thank you for calling. Goodbye.",
    "menu-return": "Returning to the menu.",
    "menu-transferring_call": "Please hold while your call is connected.",
    "menu-record_greeting": "Record the menu's greeting after the tone. Press any key when you are done.",
    "menu-enter_pin": "Please enter the recording PIN, followed by pound.",
    "menu-say_or_press": "Please say or press your choice.",
    "menu-press_for": "To choose, press",
    "menu-press": "press",
    "menu-for": "For",
    "menu-review_recording": "To save this recording, press 1. To listen to it, press 2. To record it again, press 3.",
    "menu-recording_too_short": "Your recording was too short.",
    "menu-recording_saved": "Your recording has been saved.",
}

PLURALS = {
    "menu-count_tries_left": ("You have {count} try left.", "You have {count} tries left."),
}
