"""How the languages write dates, where the game differs from Django."""
