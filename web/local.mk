# web: the web app
