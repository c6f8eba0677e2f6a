"""What is said about wake-up calls."""

PROMPTS = {
    "wakeup-greeting": "This is your wake-up call.",
    "wakeup-menu": "To set a wake-up call, press 1. To cancel it, press 2. To hear when it is set for, press 3.",
    "wakeup-enter_time": "Enter the time as four digits, hours and minutes, such as 0 7 3 0.",
    "wakeup-set_for": "Your wake-up call is set for",
    "wakeup-cancelled": "Your wake-up call has been cancelled.",
    "wakeup-none": "No wake-up call is set.",
    "wakeup-invalid_time": "That is not a valid time.",
    "wakeup-snooze": "To be called again in ten minutes, press 1. To confirm, press 2.",
}
