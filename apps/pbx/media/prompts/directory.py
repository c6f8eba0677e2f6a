"""What the dial-by-name directory says."""

PROMPTS = {
    "dir-enter_person": "Please enter the first letters of the person's",
    "dir-first_name": "first name.",
    "dir-last_name": "last name.",
    "dir-enter_person_firstname": "Please enter at least three letters of the person's first name.",
    "dir-enter_person_lastname": "Please enter at least three letters of the person's last name.",
    "dir-specify_minimum": "Please enter more letters.",
    "dir-letters_entered": "You have entered",
    "dir-no_results_found": "Nobody was found.",
    "dir-no_more_results": "There are no more people.",
    "dir-result_number": "Result",
    "dir-result_menu": (
        "To call this person, press 1. For the next one, press 2. To begin again, press 3. To stop, press pound."
    ),
    "dir-confirm_menu": "To call this person, press 1. To begin again, press 2.",
    "dir-invalid_key": "That key has no meaning here.",
    "dir-please_hold": "Please hold. You are being connected.",
}
