"""What is said while a caller chooses the number he shows."""

PROMPTS = {
    "dynamic-cid-enter_cid": "Please enter the number you would like to show.",
    "dynamic-cid-invalid_using_default": "This number cannot be shown. Your own number will be used.",
    "dynamic-cid-no_entry": "There is no number for this code.",
}
