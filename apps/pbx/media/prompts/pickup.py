"""What is said at picking up, taking over and listening in."""

PROMPTS = {
    "pickup-no_users": "Nobody is ringing here.",
    "pickup-no_channels": "There is no call to pick up.",
    "intercept-no_users": "This person has no phone.",
    "intercept-no_channels": "There is no call to take over.",
    "intercept-unauthorized": "You are not allowed to take over this call.",
    "eavesdrop-no_channels": "There is no call to listen to.",
    "eavesdrop-unauthorized": "You are not allowed to listen to this call.",
}
