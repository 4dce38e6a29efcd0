"""What a user types. One small file for each verb, imported when it is called."""
