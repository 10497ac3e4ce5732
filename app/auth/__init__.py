"""Who may do what: API keys, scopes, logins."""
