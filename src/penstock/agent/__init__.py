"""The far end of the executor `far`: an agent runs attempts on another machine as they run here."""
