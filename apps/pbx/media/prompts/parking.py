"""What is said at parking and fetching calls."""

PROMPTS = {
    "park-no_caller": "There is no call parked here.",
    "park-already_in_use": "This parking slot is already in use.",
    "park-call_placed_in_spot": "The call is parked at",
    "park-full": "All parking slots are in use.",
    "park-caller_hungup": "The parked caller has hung up.",
    "park-ringback": "A parked call is coming back to you.",
    "park-invalid_slot": "There is no such parking slot.",
}
