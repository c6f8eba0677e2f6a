"""What is said about do not disturb."""

PROMPTS = {
    "dnd-activated": "Do not disturb is on.",
    "dnd-deactivated": "Do not disturb is off.",
    "dnd-not_available": "Do not disturb is not available here.",
}
