"""Reports: numbered, frozen recaps of a campaign that can be reproduced for ever."""
