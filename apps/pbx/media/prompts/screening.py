"""What is said where a call is announced before it is taken."""

PROMPTS = {
    "screen-say_name": "Please say your name after the tone, then press pound.",
    "screen-please_hold": "Thank you. Please hold while we see whether your call can be taken.",
    "screen-call_from": "You have a call from",
    "screen-menu": "To take it, press 1. To refuse it, press 2. To send it to voicemail, press 3.",
    "screen-rejected": "Your call cannot be taken now. Goodbye.",
}
