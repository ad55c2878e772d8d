# schema: SQL migrations and the API description
