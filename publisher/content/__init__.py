"""What an issue is made of: Markdown, pictures and TOML in folders people can edit."""
