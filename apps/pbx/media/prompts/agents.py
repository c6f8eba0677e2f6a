"""What agents of a call centre hear."""

PROMPTS = {
    "agent-enter_pin": "Please enter your agent PIN, followed by pound.",
    "agent-logged_in": "You are logged in.",
    "agent-already_logged_in": "You are already logged in.",
    "agent-logged_out": "You are logged out.",
    "agent-already_logged_out": "You are already logged out.",
    "agent-pause": "You are paused.",
    "agent-resume": "You are ready for calls again.",
    "agent-invalid_choice": "That is not possible at the moment.",
    "agent-not_call_center_agent": "You are not an agent of the call center.",
    "agent-call_from_queue": "A call from the queue.",
    "agent-available": "You are available in this queue.",
    "agent-unavailable": "You are no longer available in this queue.",
}
