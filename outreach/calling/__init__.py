"""When, how often and by whose leave somebody may be called: rules as data, and the places they hold at.

`outreach.hours` asks the questions; here are the rules (`book`), places (`places`), public holidays (`closures`) and
the arithmetic of wall clocks (`windows`).
"""
