"""The road: collect -> compose -> render -> approve -> send; each stage resumes by state."""
