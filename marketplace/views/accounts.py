"""Signing in."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.contrib.auth.views import LoginView

if TYPE_CHECKING:
    from django.contrib.auth.forms import AuthenticationForm
    from django.http import HttpResponse


class SignIn(LoginView):
    """The sign-in page. After too many failures it answers 429 and says how long to wait (``throttling.py``)."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the form again, with the reason."""
        wait: int = getattr(self.request, "sign_in_wait", 0)
        response = self.render_to_response(self.get_context_data(form=form, wait_minutes=-(-wait // 60)))
        if wait:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            response["Retry-After"] = str(wait)
        return response
