def  total ( prices ) :
     return   sum( prices )


class  Cart ( object ) :
   def  total( self ) :

      return sum (self.prices)
# output
def  total ( prices ) :
     """Return the sum of all prices."""
     return   sum( prices )


class  Cart ( object ) :
   def  total( self ) :
      """Return the sum of all prices."""
      return sum (self.prices)
