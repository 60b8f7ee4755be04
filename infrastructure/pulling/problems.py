"""What keeps a pull from being done, in words that say what to do. No message holds a token."""


class PullProblem(Exception):
    code = "pull_problem"
