"""`python -m bot` is `comptoir`."""

from bot.cli import main

if __name__ == "__main__":
    main()
