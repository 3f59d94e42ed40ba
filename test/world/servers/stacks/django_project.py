"""A Django project in one file: users, sessions and the protection against CSRF are Django's own.

Prints its port, and ends when its standard input does.
"""
import json
import os
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

settings.configure(
    SECRET_KEY='a secret',
    ALLOWED_HOSTS=['localhost', '127.0.0.1'],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}},
    INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions'],
    MIDDLEWARE=[
        'django.contrib.sessions.middleware.SessionMiddleware',
        'django.middleware.csrf.CsrfViewMiddleware',
        'django.contrib.auth.middleware.AuthenticationMiddleware',
    ],
    LOGIN_URL='/login',
)
django.setup()

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie


@csrf_exempt
def log_in(request):
    """Begins a session, with another CSRF token."""
    user, _ = User.objects.get_or_create(username=json.loads(request.body)['user'])
    login(request, user)
    return HttpResponse(status=204)


@ensure_csrf_cookie
def csrf(request):
    return HttpResponse(status=204)


@login_required
def notes(request):
    """Writes as the session's user; leads anybody else to the login page."""
    return HttpResponse(f"{request.user.username}: {json.loads(request.body)['text']}", status=201)


@csrf_exempt
def lapse(request):
    """Ends all sessions."""
    Session.objects.all().delete()
    return HttpResponse(status=204)


urlpatterns = [path('api/login', log_in), path('api/csrf', csrf), path('api/notes', notes), path('lapse', lapse)]


class Silent(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


call_command('migrate', verbosity=0)
server = make_server('127.0.0.1', 0, get_wsgi_application(), handler_class=Silent)
threading.Thread(target=end_with_parent, daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
