"""The web pages: enroll, chat, people, jobs. Gradio, inside the service and behind its gate."""
