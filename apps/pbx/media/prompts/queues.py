"""What callers hear while they wait in a queue."""

PROMPTS = {
    "queue-welcome": "All our agents are busy. Your call will be answered as soon as possible.",
    "queue-you_are_at_position": "You are at position",
    "queue-in_the_queue": "in the queue.",
    "queue-the_estimated_wait_time_is": "The expected waiting time is",
    "queue-increase_in_call_volume": "We have more calls than usual. Waiting may take longer.",
    "queue-less_than_1_minute": "less than one minute.",
    "queue-about_1_minute": "about one minute.",
    "queue-about_5_minutes": "about five minutes.",
    "queue-about_10_minutes": "about ten minutes.",
    "queue-about_15_minutes": "about fifteen minutes.",
    "queue-about_30_minutes": "about thirty minutes.",
    "queue-about_45_minutes": "about forty-five minutes.",
    "queue-about_1_hour": "about one hour.",
    "queue-at_least_1_hour": "more than one hour.",
    "queue-full": "Too many callers are waiting. Please call again later.",
    "queue-no_agents": "Nobody is here to take your call. Please call again later.",
    "queue-callback_offer": "To be called back without losing your place, press 1.",
    "queue-callback_number": "We will call you back at this number.",
    "queue-callback_confirm": "To confirm this number, press 1. To enter another one, press 2.",
    "queue-callback_enter_number": "Enter the number to call back, followed by pound.",
    "queue-callback_accepted": "Thank you. We will call you back.",
    "queue-callback_connecting": "You asked to be called back. We are connecting you now.",
    "queue-exit_offer": "To leave the queue, press the star key.",
}

PLURALS = {
    "queue-count_ahead": ("There is {count} caller ahead of you.", "There are {count} callers ahead of you."),
}
