"""What Typer says of itself: headings of helps, and refusals of wrong usage. Names of options stay as they are."""

HELP = {
    "Install completion for the current shell.": "установить дополнение команд для текущей оболочки",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "показать сценарий дополнения для текущей оболочки: скопировать или установить по-своему"
    ),
    "Show this message and exit.": "показать эту справку и выйти",
    "(deprecated) ": "(устарело) ",
    "[default: {}]": "[по умолчанию: {}]",
    "[env var: {}]": "[переменная: {}]",
    "Try [blue]'{command_path} {help_option}'[/] for help.": "Справка: [blue]{command_path} {help_option}[/]",
}
TEXTS = {
    "Usage:": "Использование:",
    "[required]": "[обязательно]",
    "Arguments": "Аргументы",
    "Options": "Параметры",
    "Commands": "Команды",
    "Error": "Ошибка",
    "Aborted.": "Прервано.",
}
HEADINGS = {
    "DEPRECATED_STRING": "(deprecated) ",
    "DEFAULT_STRING": "[default: {}]",
    "ENVVAR_STRING": "[env var: {}]",
    "REQUIRED_LONG_STRING": "[required]",
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commands",
    "ERRORS_PANEL_TITLE": "Error",
    "ABORTED_TEXT": "Aborted.",
    "RICH_HELP": "Try [blue]'{command_path} {help_option}'[/] for help.",
}
"""Constants of `typer.rich_utils`, and their English."""
REFUSALS = {
    "Missing command.": "Не указана команда.",
    "No such command {name}.": "Нет такой команды: {name}.",
    "No such command {name}. Did you mean {others}?": "Нет такой команды: {name}. Возможно, вы имели в виду {others}?",
    "No such option: {name}": "Нет такого параметра: {name}",
    "No such option: {name} (Possible options: {others})": "Нет такого параметра: {name} (есть похожие: {others})",
    "Missing argument {name}.": "Не указан аргумент {name}.",
    "Missing argument {name}. {more}": "Не указан аргумент {name}. {more}",
    "Missing option {name}.": "Не указан параметр {name}.",
    "Missing option {name}. {more}": "Не указан параметр {name}. {more}",
    "Choose from:{others}": "Варианты:{others}",
    "Option {name} requires an argument.": "Параметру {name} нужно значение.",
    "Option {name} does not take a value.": "Параметр {name} не принимает значения.",
    "Got unexpected extra argument(s) ({others})": "Лишние аргументы: {others}",
    "Invalid value: {rule}": "Неверное значение: {rule}",
    "Invalid value for {name}: {rule}": "Неверное значение {name}: {rule}",
    "Value error, {rule}": "{rule}",
    "{value} is not one of {others}.": "{value}: допустимо только {others}.",
    "Input should be a valid integer, unable to parse string as an integer": "нужно целое число",
    "Input should be a valid number, unable to parse string as a number": "нужно число",
    "Input should be greater than or equal to {least}": "нужно не меньше {least}",
    "Input should be less than or equal to {most}": "нужно не больше {most}",
}
"""Patterns of refusals; a place is looked up in turn."""
