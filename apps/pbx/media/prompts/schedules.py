"""What is heard when opening hours are switched by phone."""

PROMPTS = {
    "temporal-menu": (
        "To switch this schedule on, press 1. To switch it off, press 2. To follow the calendar again, press 3."
    ),
    "temporal-marked_enabled": "The schedule is switched on.",
    "temporal-marked_disabled": "The schedule is switched off.",
    "temporal-reset": "The schedule follows the calendar again.",
}
