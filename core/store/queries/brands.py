"""The directory of brands."""

from typing import Final

from sqlalchemy import bindparam, func, literal_column, select, update

from core.store.query import Query, replace
from core.store.schema import brand

BRANDS_SINCE: Final = Query(select(*brand.c).where(brand.c.version > bindparam("seen")).order_by(brand.c.version))
BRAND_VERSION: Final = Query(select(func.coalesce(func.max(brand.c.version), literal_column("0"))))
PUT_BRAND: Final = replace(brand)
CLOSE_BRAND: Final = Query(
    update(brand)
    .where(brand.c.code == bindparam("of_code"))
    .values(closed_at=bindparam("closing_at"), version=bindparam("new_version"))
)
