"""What is said whatever the feature."""

PROMPTS = {"vm-enter_pass": "Please enter your PIN."}
