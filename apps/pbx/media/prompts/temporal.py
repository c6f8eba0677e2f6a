"""What is said about time rules that are switched by phone."""

PROMPTS = {
    "temporal-menu": "To turn the rule on, press 1. To turn it off, press 2. To let the clock decide again, press 3.",
    "temporal-marked_enabled": "The rule is now on.",
    "temporal-marked_disabled": "The rule is now off.",
    "temporal-reset": "The rule follows the clock again.",
    "temporal-not_available": "There is no such rule.",
}
