from . import inboost_demo
