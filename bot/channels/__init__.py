"""The platforms on which shoppers write: one package or file each, all behind `bot.ports.Channel`."""
