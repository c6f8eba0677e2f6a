"""What is said where a caller waits for a busy line."""

PROMPTS = {
    "camp-queued": "The person you are calling is busy. We will call you when the line is free.",
    "camp-ready": "The person you wanted to reach is free. We are connecting you now.",
    "camp-denied": "You cannot wait for this person.",
    "camp-offer": "To be called when the line is free, press 1.",
}
