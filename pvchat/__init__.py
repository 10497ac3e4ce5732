"""PVChat: enroll a person from one video, ask about that person in any other."""
