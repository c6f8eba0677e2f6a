"""What a conference says."""

PROMPTS = {
    "conf-welcome": "Welcome to the conference.",
    "conf-generic_greeting": "Welcome to the conference service.",
    "conf-enter_conf_number": "Please enter the conference number, followed by pound.",
    "conf-enter_conf_pin": "Please enter the conference PIN, followed by pound.",
    "conf-bad_conf": "There is no such conference.",
    "conf-bad_pin": "The PIN is not correct.",
    "conf-to_many_attempts": "Too many wrong attempts. Goodbye.",
    "conf-joining_conference": "You are joining the conference.",
    "conf-alone": "You are the only one in this conference.",
    "conf-there_are": "There are",
    "conf-other_participants": "other participants.",
    "conf-single": "There is one other participant.",
    "conf-max_participants": "The conference is full.",
    "conf-wait_for_moderator": "The conference begins when the moderator arrives.",
    "conf-moderator_left": "The moderator has left. The conference is over.",
    "conf-muted": "You are muted.",
    "conf-unmuted": "You are no longer muted.",
    "conf-deaf": "You no longer hear the conference.",
    "conf-undeaf": "You hear the conference again.",
    "conf-locked": "The conference is now locked.",
    "conf-unlocked": "The conference is now open.",
    "conf-is_locked": "The conference is locked. You cannot join it.",
    "conf-kicked": "You have been removed from the conference.",
    "conf-record_name": "Please say your name after the tone, then press pound.",
    "conf-has_joined": "has joined the conference.",
    "conf-has_left": "has left the conference.",
    "conf-goodbye": "The conference has ended. Goodbye.",
    "conf-recording_started": "This conference is being recorded.",
    "conf-recording_stopped": "The recording has stopped.",
}

PLURALS = {
    "conf-count_participants": ("There is {count} other participant.", "There are {count} other participants."),
}
