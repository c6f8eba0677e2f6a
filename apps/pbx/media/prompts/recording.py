"""What is said about recording."""

PROMPTS = {
    "record-call_is_recorded": "This call is being recorded.",
    "record-started": "The recording has started.",
    "record-stopped": "The recording has stopped.",
    "record-paused": "The recording is paused.",
    "record-resumed": "The recording goes on.",
    "record-after_tone": "Please record after the tone. Press pound when you are done.",
}
