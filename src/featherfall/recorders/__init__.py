"""Files of body-worn sensors as phones, watches and loggers write them: opened, recognised by the program that wrote them, and checked."""
