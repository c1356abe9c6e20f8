"""Answers → SMS text."""

from typing import Final, assert_never

from core.conversation import answers
from core.conversation.answers import Answer
from core.conversation.requests import Language
from sms.texts import complaint, general, lists, notices, permission, refusal, several, status
from sms.texts.catalog import Catalog

CATALOGS: Final = {language: Catalog(language) for language in Language}


def render(answer: Answer, language: Language) -> str:
    """The answer as one SMS: one segment with an operator's code, unless a brand's name is too long for that, a list
    or a question stands beside much else, or a person's words are long."""
    texts = CATALOGS[language]
    match answer:
        case answers.RetAnswer():
            return refusal.ret(answer, texts)
        case answers.RetSeveral():
            return several.ret_several(answer, texts)
        case answers.RetAllDone():
            return refusal.ret_all_done(answer, texts)
        case answers.RetAllQuestion():
            return refusal.ret_all_question(answer, texts)
        case answers.EpostaElsewhere():
            return refusal.eposta_elsewhere(answer, texts)
        case answers.ListPage():
            return lists.list_page(answer, texts)
        case answers.WhichBrand():
            return lists.which_brand(answer, texts)
        case answers.NothingOnRecord():
            return lists.nothing_on_record(answer, texts)
        case answers.OneOnRecord():
            return lists.one_on_record(answer, texts)
        case answers.NoSuchNumber():
            return lists.no_such_number(answer, texts)
        case answers.TwoLists():
            return lists.two_lists(answer, texts)
        case answers.NumberWanted():
            return lists.number_wanted(answer, texts)
        case answers.OnayQuestion():
            return permission.onay_question(answer, texts)
        case answers.OnayDone():
            return permission.onay_done(answer, texts)
        case answers.AlreadyAllowed():
            return permission.already_allowed(answer, texts)
        case answers.OneAtATime():
            return permission.one_at_a_time(answer, texts)
        case answers.BrandClosed():
            return permission.brand_closed(answer, texts)
        case answers.CodesUsedUp():
            return permission.codes_used_up(answer, texts)
        case answers.WrongCode():
            return permission.wrong_code(answer, texts)
        case answers.StatusOfAll():
            return status.status_of_all(answer, texts)
        case answers.StatusOfBrand():
            return status.status_of_brand(answer, texts)
        case answers.StatusOfAct():
            return status.status_of_act(answer, texts)
        case answers.ReceiptUnknown():
            return status.receipt_unknown(answer, texts)
        case answers.ComplaintQuestion():
            return complaint.complaint_question(answer, texts)
        case answers.ComplaintOpened():
            return complaint.complaint_opened(answer, texts)
        case answers.ComplaintResult():
            return complaint.complaint_result(answer, texts)
        case answers.StatusOfComplaint():
            return complaint.status_of_complaint(answer, texts)
        case answers.BrandUnknown():
            return general.brand_unknown(answer, texts)
        case answers.BrandAsked():
            return general.brand_asked(answer, texts)
        case answers.BrandMeant():
            return general.brand_meant(answer, texts)
        case answers.Cancelled():
            return general.cancelled(answer, texts)
        case answers.TooLate():
            return general.too_late(answer, texts)
        case answers.NothingOpen():
            return general.nothing_open(answer, texts)
        case answers.NotUnderstoodAnswer():
            return general.not_understood(answer, texts)
        case answers.SetAside():
            return general.set_aside(answer, texts)
        case answers.ReviewResult():
            return general.review_result(answer, texts)
        case answers.ApprovalNotice():
            return notices.approval_notice(answer, texts)
        case answers.ConsentEnded():
            return notices.consent_ended(answer, texts)
        case answers.ProofCode():
            return notices.proof_code(answer, texts)
        case answers.Help():
            return general.help_text(answer, texts)
        case _:
            assert_never(answer)
