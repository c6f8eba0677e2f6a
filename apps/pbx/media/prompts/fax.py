"""What is said before a fax."""

PROMPTS = {
    "fax-please_hold": "Please hold for the fax machine.",
    "fax-start_now": "Please start your fax now.",
    "fax-not_available": "Fax is not available here.",
}
