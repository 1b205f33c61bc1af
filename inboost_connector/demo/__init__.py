from . import inboost_demo, inboost_demo_story
