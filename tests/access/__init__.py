"""Who gets in where: every operation of OpenAPI, tried by everybody on everything."""
