"""Pure decisions about budgets and breakers."""
