def run_all(table):
    pass
