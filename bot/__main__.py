"""`python -m bot` is `comptoir`."""

from bot.start import main

if __name__ == "__main__":
    main()
