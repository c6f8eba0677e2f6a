"""What a mailbox says."""

PROMPTS = {
    "vm-enter_id": "Please enter your mailbox number, followed by pound.",
    "vm-enter_pass": "Please enter your PIN, followed by pound.",
    "vm-fail_auth": "The mailbox number or PIN is not correct.",
    "vm-abort": "Too many wrong attempts. Goodbye.",
    "vm-no_access": "You have no access to this mailbox.",
    "vm-hello": "Welcome to your voicemail.",
    "vm-goodbye": "Goodbye.",
    "vm-person": "The person at extension",
    "vm-not_available": "is not available.",
    "vm-busy": "is on another call.",
    "vm-not_available_no_voicemail": "The person you are calling is not available and has no voicemail.",
    "vm-record_message": (
        "Please leave your message after the tone. When you are done, hang up, or press pound for more options."
    ),
    "vm-instructions": "Please leave your message after the tone.",
    "vm-mailbox_full": "This mailbox is full and cannot take any more messages.",
    "vm-mailbox_does_not_exist": "There is no such mailbox.",
    "vm-you_have": "You have",
    "vm-new": "new",
    "vm-saved": "saved",
    "vm-and": "and",
    "vm-new_and": "new, and",
    "vm-message": "message",
    "vm-messages": "messages",
    "vm-new_message": "new message",
    "vm-new_messages": "new messages",
    "vm-saved_message": "saved message",
    "vm-saved_messages": "saved messages",
    "vm-no_messages": "You have no messages.",
    "vm-no_more_messages": "There are no more messages.",
    "vm-message_number": "Message",
    "vm-received": "received",
    "vm-from": "from",
    "vm-main_menu": (
        "To hear your new messages, press 1. To hear your saved messages, press 2. To change your greeting, name "
        "or PIN, press 5. To leave, press pound."
    ),
    "vm-main_menu_not_configurable": (
        "To hear your new messages, press 1. To hear your saved messages, press 2. To leave, press pound."
    ),
    "vm-message_menu": (
        "To keep this message, press 1. To hear it again, press 2. To forward it, press 3. For the previous message, "
        "press 4. To go back a little, press 5. For the next message, press 6. To delete this message or to bring it "
        "back, press 7. To call back, press 9. For the main menu, press 0."
    ),
    "vm-deleted": "Message deleted.",
    "vm-undeleted": "The message is no longer deleted.",
    "vm-message_saved": "Message saved.",
    "vm-recording_saved": "Your recording has been saved.",
    "vm-recording_to_short": "Your recording is too short. Please record it again.",
    "vm-review_recording": "To save your recording, press 1. To hear it, press 2. To record it again, press 3.",
    "vm-review_urgent": "To mark it as urgent, press 4.",
    "vm-urgent_on": "The message is marked as urgent.",
    "vm-urgent_off": "The message is no longer marked as urgent.",
    "vm-urgent": "urgent",
    "vm-mailbox_locked": "This mailbox is locked for some minutes, after too many wrong PINs. Goodbye.",
    "vm-announcement_on": "Callers now hear your greeting and can leave no message.",
    "vm-announcement_off": "Callers can leave messages again.",
    "vm-settings_menu": (
        "To record your greeting, press 1. To record your name, press 2. To change your PIN, press 3. To record a "
        "temporary greeting, press 4. To remove it, press 5. To take no messages, or to take them again, press 6. To "
        "record a greeting for when you are on another call, press 7. For the main menu, press 0."
    ),
    "vm-record_greeting": "Record your greeting after the tone. Press any key when you are done.",
    "vm-record_temp_greeting": "Record your temporary greeting after the tone. Press any key when you are done.",
    "vm-temp_greeting_removed": "Your temporary greeting has been removed.",
    "vm-record_name": "Record your name after the tone. Press any key when you are done.",
    "vm-enter_new_pin": "Please enter your new PIN, followed by pound.",
    "vm-enter_new_pin_confirm": "Please enter your new PIN once more.",
    "vm-pin_set": "Your PIN has been changed.",
    "vm-pin_invalid": "The PIN is not valid, or the two entries differ.",
    "vm-new_pin_bad": "The PIN must have at least four digits.",
    "vm-setup_intro": "Your mailbox is not set up yet. Let us do that now.",
    "vm-setup_rec_greeting": "Now record the greeting that your callers will hear.",
    "vm-setup_complete": "Your mailbox is ready. Thank you.",
    "vm-forward_enter_id": "Enter the mailbox the message shall go to, followed by pound.",
    "vm-forward_comment": "To add a comment of your own, press 1. To forward without one, press 2.",
    "vm-forward_record": "Record your comment after the tone. Press any key when you are done.",
    "vm-forwarded": "The message has been forwarded.",
    "vm-forward_abort": "The message was not forwarded.",
    "vm-transferring_call": "Please hold while your call is transferred.",
    "vm-no_callback": "This caller cannot be called back.",
    "vm-unknown_caller": "an unknown caller",
    "vm-message_too_long": "Your message has reached the longest length.",
    "vm-message_sent": "Your message has been sent. Thank you.",
}

PLURALS = {
    "vm-count_new_messages": ("{count} new message", "{count} new messages"),
    "vm-count_saved_messages": ("{count} saved message", "{count} saved messages"),
}
