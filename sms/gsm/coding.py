"""Values of data_coding (SMPP 3.4, 5.2.19), by which an alphabet is named."""

from typing import Final

from smpplib import consts

CODING_DEFAULT: Final[int] = consts.SMPP_ENCODING_DEFAULT
CODING_ASCII: Final[int] = consts.SMPP_ENCODING_IA5
CODING_LATIN1: Final[int] = consts.SMPP_ENCODING_ISO88591
CODING_UCS2: Final[int] = consts.SMPP_ENCODING_ISO10646
