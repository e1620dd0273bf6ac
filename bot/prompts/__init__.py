"""What an assistant is told to be: the content of its versions, their variables, differences and estimates.

Pure: no database, no network, no clock.
"""
