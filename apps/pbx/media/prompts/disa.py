"""What is said to callers who may dial out from outside."""

PROMPTS = {
    "disa-enter_pin": "Please enter the PIN, followed by pound.",
    "disa-invalid_pin": "The PIN is not correct.",
    "disa-enter_number": "Please dial the number, followed by pound.",
    "disa-invalid_extension": "This number cannot be reached.",
    "disa-retries_exceeded": "Too many wrong attempts. Goodbye.",
}
